import type { JupyterFrontEnd } from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';
import { Widget } from '@lumino/widgets';

import { campIcon } from './icons';

export const OPEN_DASHBOARD = 'mslearn:open-insight';

/** The dashboard as a tab of JupyterLab: the server's own page, behind the same login. */
class Dashboard extends Widget {
  constructor(baseUrl: string) {
    super();
    this.id = 'mslearn-insight';
    this.title.label = 'Insight';
    this.title.closable = true;
    this.title.icon = campIcon;
    this.addClass('mslearn-Insight');
    const frame = document.createElement('iframe');
    frame.src = URLExt.join(baseUrl, 'mslearn', 'insight');
    frame.title = 'Insight';
    this.node.append(frame);
  }
}

/** Add the command that opens the dashboard, or brings it to the front. */
export function addDashboard(app: JupyterFrontEnd): void {
  let open: Dashboard | null = null;
  app.commands.addCommand(OPEN_DASHBOARD, {
    label: 'Insight: recorded trainings',
    icon: campIcon,
    execute: () => {
      if (!open || open.isDisposed) {
        open = new Dashboard(app.serviceManager.serverSettings.baseUrl);
        app.shell.add(open, 'main');
      }
      app.shell.activateById(open.id);
    }
  });
}
