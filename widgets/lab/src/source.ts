import type { JupyterFrontEnd } from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';

/** The part of a text editor's widget that is needed to go to a line. */
interface IEditorWidget {
  context: { ready: Promise<void> };
  content: {
    editor: {
      model: { sharedModel: { getSource(): string } };
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

/** The engine's file and the name in it that a rendered link leads to, or null. */
export function placeOf(href: string, files: string): { path: string; id: string } | null {
  const url = new URL(href);
  const root = new URL(files, url).pathname;
  const path = decodeURIComponent(url.pathname.slice(root.length));
  const id = decodeURIComponent(url.hash.slice(1));
  const ours = url.pathname.startsWith(root) && /(^|\/)(engine|mslearn)\/.*\.py$/.test(path);
  return ours && id ? { path, id } : null;
}

/**
 * A lesson's link such as `../engine/nn/layers.py#Dense` opens the file at that definition.
 * JupyterLab itself opens the file, but knows no places in it.
 */
export function openSourceLinks(app: JupyterFrontEnd): void {
  const files = URLExt.join(app.serviceManager.serverSettings.baseUrl, 'files/');
  document.addEventListener(
    'click',
    event => {
      const anchor = (event.target as Element | null)?.closest?.('a[href]');
      if (!anchor || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) {
        return;
      }
      const place = placeOf((anchor as HTMLAnchorElement).href, files);
      if (!place) {
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      void open(app, place.path, place.id);
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
    // The whole line is marked, and the cursor stands at its begin.
    editor.setSelection({ start: { line: line + 1, column: 0 }, end: start });
    editor.revealPosition(start);
  }
}
