import type { JupyterFrontEnd } from '@jupyterlab/application';
import { ServerConnection } from '@jupyterlab/services';
import { Poll } from '@lumino/polling';
import { Widget } from '@lumino/widgets';
import type { Message } from '@lumino/messaging';

import { CampClient, CampError, type ICamp, type IDay, type Language } from './api';
import { OPEN_DASHBOARD } from './dashboard';
import { campIcon } from './icons';
import { STRINGS } from './strings';
import { CampView } from './view';

/** How often an open sidebar asks whether an exercise has passed. A quiet answer is an empty 304. */
const POLL_MS = 2000;
const POLL_SLOWEST_MS = 30000;

/** The camp: 25 days, what is done, and the language of the lessons. */
export class CampSidebar extends Widget {
  constructor(private readonly _app: JupyterFrontEnd) {
    super();
    this.id = 'mslearn-camp';
    this.addClass('mslearn-Camp');
    this.title.icon = campIcon;
    this.node.setAttribute('role', 'region');
    this._caption('en');
    this._client = new CampClient(_app.serviceManager.serverSettings);
    this._view = new CampView(this.node, {
      open: day => void this._open(day),
      setLanguage: language => void this._setLanguage(language),
      insight: () => void this._app.commands.execute(OPEN_DASHBOARD)
    });
    this._poll = new Poll({
      name: 'mslearn:camp',
      factory: () => this.refresh(),
      frequency: { interval: POLL_MS, backoff: true, max: POLL_SLOWEST_MS },
      // A sidebar that nobody sees asks nothing.
      standby: () => !this.isVisible || document.hidden
    });
  }

  dispose(): void {
    this._poll.dispose();
    super.dispose();
  }

  /** Ask the server now. */
  async refresh(): Promise<void> {
    try {
      const camp = await this._client.camp();
      if (camp) {
        this._show(camp);
      } else if (this._unreachable) {
        this._view.say(this._notice);
      }
      this._unreachable = false;
    } catch (error) {
      this._explain(error);
      throw error; // lets the poll slow down while the server is away
    }
  }

  /** Mark the day whose notebook is in front. */
  setCurrentPath(path: string): void {
    this._path = path;
    this._view.showCurrent(path);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._poll.refresh();
  }

  private _show(camp: ICamp): void {
    this._camp = camp;
    this._caption(camp.language);
    this._view.showCamp(camp);
    this._view.showCurrent(this._path);
    const outside = camp.days.some(day => day.state !== 'coming' && !day.path);
    this._view.say(outside ? STRINGS[camp.language].outside : this._notice);
  }

  private _explain(error: unknown): void {
    const strings = STRINGS[this._language];
    if (error instanceof ServerConnection.NetworkError) {
      this._unreachable = true;
      this._view.say(strings.unreachable);
    } else if (error instanceof CampError && error.status === 404) {
      this._view.say(`${strings.absent} ${strings.absentFix}`, 'pip install "mslearn[lab]"');
    } else {
      this._view.say(strings.failed(error instanceof Error ? error.message : String(error)));
    }
  }

  private async _setLanguage(language: Language): Promise<void> {
    this._notice = '';
    try {
      this._show(await this._client.setLanguage(language));
    } catch (error) {
      this._explain(error);
    }
  }

  private async _open(day: IDay): Promise<void> {
    const path = day.path?.[this._language];
    if (!path) {
      this._view.say(STRINGS[this._language].outside);
      return;
    }
    try {
      await this._app.serviceManager.contents.get(path, { content: false });
    } catch {
      // Kept until a lesson opens: the next poll must not wipe it away.
      this._notice = STRINGS[this._language].missing(path);
      this._view.say(this._notice);
      return;
    }
    this._notice = '';
    this._view.say('');
    await this._app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
  }

  private _caption(language: Language): void {
    this.title.caption = STRINGS[language].title;
    this.node.setAttribute('aria-label', STRINGS[language].title);
  }

  private get _language(): Language {
    return this._camp?.language ?? 'en';
  }

  private _notice = '';
  private readonly _client: CampClient;
  private readonly _view: CampView;
  private readonly _poll: Poll<void>;
  private _camp: ICamp | null = null;
  private _path = '';
  private _unreachable = false;
}
