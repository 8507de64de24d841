import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { DocumentWidget } from '@jupyterlab/docregistry';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { addDashboard } from './dashboard';
import { showStoredPictures } from './pictures';
import { CampSidebar } from './sidebar';
import { openSourceLinks } from './source';

const PLUGIN = 'mslearn-lab:plugin';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'The MindSpore camp: 25 days in the left sidebar.',
  autoStart: true,
  requires: [ILabShell],
  optional: [ILayoutRestorer, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    shell: ILabShell,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null
  ) => {
    const sidebar = new CampSidebar(app);
    shell.add(sidebar, 'left', { rank: 50, type: 'MindSpore camp' });
    restorer?.add(sidebar, sidebar.id);

    addDashboard(app);
    openSourceLinks(app);
    showStoredPictures(app);

    shell.currentChanged.connect((_, { newValue }) => {
      sidebar.setCurrentPath(newValue instanceof DocumentWidget ? newValue.context.path : '');
    });

    // After the restorer, which would otherwise bring back the sidebar of the last visit.
    void Promise.all([app.restored, settings?.load(PLUGIN)]).then(([, loaded]) => {
      if (loaded?.get('openAtStart').composite ?? true) {
        shell.activateById(sidebar.id);
      }
    });
  }
};

export default plugin;
