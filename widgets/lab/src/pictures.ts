import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';

const WIDGET = 'application/vnd.jupyter.widget-view+json';
const WAIT = 600; // ms that a widget may take to come before its picture stands in for it

interface IMimeModel {
  readonly trusted: boolean;
  readonly data: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
  setData(options: unknown): void;
}
type Renderer = Widget & { renderModel(model: IMimeModel): Promise<void> };

/** The part of a notebook's registry of renderers that is needed here. */
interface IRenderers {
  createRenderer(mimeType: string): Renderer;
  preferredMimeType(data: Record<string, unknown>, safe: 'any' | 'ensure'): string | undefined;
}

/**
 * A widget whose kernel is gone shows the picture that the notebook keeps of it.
 *
 * JupyterLab prefers the live form of an output. When that is lost it says "Error displaying widget:
 * model not found", or hides the output after a restart, though a picture is stored beside it.
 */
export function showStoredPictures(app: JupyterFrontEnd): void {
  app.docRegistry.addWidgetExtension('Notebook', {
    createNew(panel: Widget): void {
      const renderers = (panel as unknown as { content: { rendermime?: IRenderers } }).content
        .rendermime;
      if (!renderers) {
        return;
      }
      const create = renderers.createRenderer.bind(renderers);
      renderers.createRenderer = mimeType => {
        const renderer = create(mimeType);
        if (mimeType === WIDGET) {
          standIn(renderer, create, renderers);
        }
        return renderer;
      };
    }
  });
}

function standIn(
  renderer: Renderer,
  create: (mimeType: string) => Renderer,
  renderers: IRenderers
): void {
  const { node } = renderer;
  const render = renderer.renderModel.bind(renderer);
  let stored: IMimeModel | null = null;
  let picture: Renderer | null = null;
  let timer = 0;

  const show = async (): Promise<void> => {
    if (!stored || renderer.isDisposed || !missing()) {
      return;
    }
    const { [WIDGET]: view, ...data } = stored.data;
    const mimeType = renderers.preferredMimeType(data, stored.trusted ? 'any' : 'ensure');
    if (!mimeType || mimeType === 'text/plain') {
      return; // nothing to see there: JupyterLab's own words stay
    }
    picture?.dispose();
    const made = (picture = create(mimeType));
    const { trusted, metadata } = stored;
    await made.renderModel({ trusted, metadata, data, setData: () => undefined });
    if (picture === made && !renderer.isDisposed && missing()) {
      node.replaceChildren(made.node);
      renderer.show();
    }
  };
  const loading = (): boolean => node.childElementCount === 0 && node.textContent !== '';
  const missing = (): boolean => loading() || renderer.isHidden;

  const observer = new MutationObserver(() => {
    window.clearTimeout(timer);
    if (missing()) {
      const over = renderer.isHidden || node.textContent?.startsWith('Error displaying widget');
      timer = window.setTimeout(() => void show(), over ? 0 : WAIT);
    }
  });
  observer.observe(node, { childList: true, attributes: true, attributeFilter: ['class'] });
  renderer.renderModel = model => {
    stored = model;
    return render(model);
  };
  renderer.disposed.connect(() => {
    window.clearTimeout(timer);
    observer.disconnect();
    picture?.dispose();
  });
}
