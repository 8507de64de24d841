import type { JupyterFrontEnd } from '@jupyterlab/application';

/** What JupyterLab notes on a local link of rendered Markdown. */
interface ILocalLink {
  path?: string;
  id?: string;
}

/** The part of a text editor's widget that is needed to go to a line. */
interface IEditorWidget {
  context: { ready: Promise<void> };
  content: {
    editor: {
      model: { sharedModel: { getSource(): string } };
      setCursorPosition(position: { line: number; column: number }): void;
      revealPosition(position: { line: number; column: number }): void;
      setSelection(range: {
        start: { line: number; column: number };
        end: { line: number; column: number };
      }): void;
    };
  };
}

/** The line, from 0, at which `id` ("L40", or the name of a class or function) is defined. */
export function lineOf(source: string, id: string): number {
  const number = /^L(\d+)$/.exec(id);
  if (number) {
    return Number(number[1]) - 1;
  }
  const name = id.replace(/[^\w]/g, '');
  const definition = new RegExp(`^\\s*(?:(?:async\\s+)?def|class)\\s+${name}\\b|^${name}\\s*[:=]`);
  return source.split('\n').findIndex(line => definition.test(line));
}

/**
 * A lesson's link such as `../engine/nn/layers.py#Dense` opens the file at that definition.
 * JupyterLab itself opens the file, but knows no places in it.
 */
export function openSourceLinks(app: JupyterFrontEnd): void {
  document.addEventListener(
    'click',
    event => {
      const anchor = (event.target as Element | null)?.closest?.('a[data-commandlinker-args]');
      if (!anchor || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) {
        return;
      }
      let link: ILocalLink;
      try {
        link = JSON.parse(anchor.getAttribute('data-commandlinker-args') ?? '') as ILocalLink;
      } catch {
        return;
      }
      const id = (link.id ?? '').replace(/^#/, '');
      if (!link.path || !/(^|\/)(engine|mslearn)\/.*\.py$/.test(link.path) || !id) {
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      void open(app, link.path.replace(/^[^:/]*:/, ''), id);
    },
    true
  );
}

async function open(app: JupyterFrontEnd, path: string, id: string): Promise<void> {
  const widget = (await app.commands.execute('docmanager:open', {
    path,
    factory: 'Editor',
    options: { mode: 'split-right' }
  })) as IEditorWidget | undefined;
  if (!widget) {
    return;
  }
  await widget.context.ready;
  const editor = widget.content.editor;
  const line = lineOf(editor.model.sharedModel.getSource(), id);
  if (line >= 0) {
    const start = { line, column: 0 };
    editor.setCursorPosition(start);
    editor.setSelection({ start, end: { line: line + 1, column: 0 } });
    editor.revealPosition(start);
  }
}
