"""Vision Transformer (Dosovitskiy et al. 2020, "An image is worth 16x16 words").

An image is cut into patches, which a Transformer reads as if they were words.
"""

from __future__ import annotations

from mslearn import nn, ops
from mslearn.common.initializer import Normal, initializer
from mslearn.core import Parameter, Tensor


class Attention(nn.Cell):
    """Every patch looks at every patch, with several heads."""

    def __init__(self, dim: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv = nn.Dense(dim, dim * 3)
        self.attn_drop = nn.Dropout(p=dropout)
        self.out = nn.Dense(dim, dim)

    def construct(self, x: Tensor) -> Tensor:
        n, length, dim = x.shape
        qkv = self.qkv(x).reshape((n, length, 3, self.num_heads, dim // self.num_heads))
        q, k, v = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), 0)  # (N, heads, L, E)
        weights = ops.softmax(ops.matmul(q, ops.swapaxes(k, -1, -2)) * self.scale, -1)
        out = ops.matmul(self.attn_drop(weights), v)
        return self.out(ops.swapaxes(out, 1, 2).reshape((n, length, dim)))


class TransformerBlock(nn.Cell):
    """Attention and two Dense layers, each behind a LayerNorm and beside a shortcut."""

    def __init__(self, dim: int, num_heads: int, mlp_dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm((dim,), epsilon=1e-6)
        self.attention = Attention(dim, num_heads, dropout)
        self.norm2 = nn.LayerNorm((dim,), epsilon=1e-6)
        self.mlp = nn.SequentialCell(
            nn.Dense(dim, mlp_dim), nn.GELU(approximate=False), nn.Dropout(p=dropout),
            nn.Dense(mlp_dim, dim), nn.Dropout(p=dropout),
        )  # fmt: skip

    def construct(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Cell):
    """Vision Transformer for images (N, 3, image_size, image_size): logits (N, classes).

    Args:
        patch_size: side of a patch.
        embed_dim: numbers of a patch inside.
        num_layers, num_heads, mlp_dim: of the Transformer.
    """

    def __init__(
        self, image_size: int = 224, patch_size: int = 16, num_classes: int = 1000,
        embed_dim: int = 768, num_layers: int = 12, num_heads: int = 12, mlp_dim: int = 3072,
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        patches = (image_size // patch_size) ** 2
        self.patch_embedding = nn.Conv2d(
            3, embed_dim, patch_size, patch_size, pad_mode="valid", has_bias=True
        )
        normal = Normal(sigma=0.02)
        self.cls_token = Parameter(initializer(normal, (1, 1, embed_dim)))
        self.pos_embedding = Parameter(initializer(normal, (1, patches + 1, embed_dim)))
        self.dropout = nn.Dropout(p=dropout)
        blocks = [
            TransformerBlock(embed_dim, num_heads, mlp_dim, dropout) for _ in range(num_layers)
        ]
        self.transformer = nn.SequentialCell(*blocks)
        self.norm = nn.LayerNorm((embed_dim,), epsilon=1e-6)
        self.head = nn.Dense(embed_dim, num_classes)

    def construct(self, x: Tensor) -> Tensor:
        x = self.patch_embedding(x)
        n, dim = x.shape[:2]
        x = ops.swapaxes(x.reshape((n, dim, -1)), 1, 2)
        x = ops.concat((ops.broadcast_to(self.cls_token, (n, 1, dim)), x), 1)
        x = self.dropout(x + self.pos_embedding)
        x = self.norm(self.transformer(x))
        return self.head(x[:, 0])


def vit_b_16(num_classes: int = 1000, image_size: int = 224) -> ViT:
    """ViT-Base with patches of 16x16."""
    return ViT(image_size, 16, num_classes)


def vit_tiny(num_classes: int = 10, image_size: int = 32) -> ViT:
    """A small ViT for small images: patches of 4x4, 4 layers of 64 numbers."""
    return ViT(image_size, 4, num_classes, 64, 4, 4, 128)
