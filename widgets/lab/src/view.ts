import type { DayState, ICamp, IDay, Language } from './api';
import { stateIcon } from './icons';
import { STRINGS } from './strings';

export interface IActions {
  open: (day: IDay) => void;
  setLanguage: (language: Language) => void;
  insight: () => void;
}

/** Short name, and the one that is read out. */
const LANGUAGES: [Language, string, string][] = [
  ['en', 'EN', 'English'],
  ['zh', '中文', '中文']
];

/**
 * The sidebar's elements. They are made once and updated in place, so that a refresh never takes
 * the keyboard focus or the scroll position away from the learner.
 */
export class CampView {
  constructor(
    private readonly _node: HTMLElement,
    private readonly _actions: IActions
  ) {
    this._note.setAttribute('role', 'alert');
    this._live.setAttribute('aria-live', 'polite');
    this._bar.setAttribute('role', 'progressbar');
    this._bar.setAttribute('aria-valuemin', '0');
    this._bar.append(this._fill);
    this._switch.setAttribute('role', 'group');
    for (const [language, short, name] of LANGUAGES) {
      const button = make('button', 'mslearn-Camp-language');
      button.type = 'button';
      button.lang = language;
      button.textContent = short;
      button.setAttribute('aria-label', name);
      button.addEventListener('click', () => this._actions.setLanguage(language));
      this._buttons.set(language, button);
      this._switch.append(button);
    }
    const top = make('div', 'mslearn-Camp-top');
    top.append(this._title, this._switch);
    this._insight.type = 'button';
    this._insight.addEventListener('click', () => this._actions.insight());
    this._head.append(top, this._intro, this._bar, this._count, this._insight);
    this._node.append(this._head, this._note, this._list, this._live);
    this.showLanguage('en');
    this.say(STRINGS.en.loading);
  }

  /** A message above the list; none clears it. A command is shown to be copied. */
  say(text: string, command = ''): void {
    this._note.replaceChildren();
    this._note.hidden = !text;
    if (text) {
      const line = make('p', '');
      line.textContent = text;
      this._note.append(line);
    }
    if (command) {
      const code = make('code', '');
      code.textContent = command;
      this._note.append(code);
    }
  }

  showLanguage(language: Language): void {
    const strings = STRINGS[language];
    this._language = language;
    this._node.lang = language === 'zh' ? 'zh-CN' : 'en';
    this._title.textContent = strings.title;
    this._intro.textContent = strings.intro;
    this._insight.textContent = strings.insight;
    this._switch.setAttribute('aria-label', strings.languages);
    this._list.setAttribute('aria-label', strings.days);
    for (const [name, button] of this._buttons) {
      button.setAttribute('aria-pressed', String(name === language));
    }
  }

  showCamp(camp: ICamp): void {
    this.showLanguage(camp.language);
    this._head.classList.add('mslearn-mod-ready');
    const count = STRINGS[camp.language].progress(camp.done, camp.total);
    this._count.textContent = count;
    this._bar.setAttribute('aria-label', count);
    this._bar.setAttribute('aria-valuemax', String(camp.total));
    this._bar.setAttribute('aria-valuenow', String(camp.done));
    this._fill.style.width = `${camp.total ? (100 * camp.done) / camp.total : 0}%`;
    for (const day of camp.days) {
      let row = this._rows.get(day.id);
      if (!row) {
        row = new Row(this._actions.open);
        this._rows.set(day.id, row);
        this._list.append(row.item);
      }
      if (row.update(day, camp.language) && day.state === 'done') {
        this._celebrate(row, day);
      }
    }
  }

  /** The notebook in front, so that the list shows where the learner is. */
  showCurrent(path: string): void {
    for (const row of this._rows.values()) {
      row.markCurrent(path);
    }
  }

  private _celebrate(row: Row, day: IDay): void {
    const title = day.title[this._language];
    this._live.textContent = STRINGS[this._language].ticked(day.day, title);
    row.item.classList.add('mslearn-mod-ticked');
  }

  private _language: Language = 'en';
  private readonly _head = make('header', 'mslearn-Camp-head');
  private readonly _title = make('h2', 'mslearn-Camp-title');
  private readonly _intro = make('p', 'mslearn-Camp-intro');
  private readonly _switch = make('div', 'mslearn-Camp-languages');
  private readonly _buttons = new Map<Language, HTMLButtonElement>();
  private readonly _bar = make('div', 'mslearn-Camp-bar');
  private readonly _fill = make('div', 'mslearn-Camp-fill');
  private readonly _count = make('p', 'mslearn-Camp-count');
  private readonly _insight = make('button', 'mslearn-Camp-insight');
  private readonly _note = make('div', 'mslearn-Camp-note');
  private readonly _list = make('ol', 'mslearn-Camp-list');
  private readonly _live = make('div', 'mslearn-Camp-live');
  private readonly _rows = new Map<string, Row>();
}

/** One day: a button that opens its notebook, or says that the day is still to come. */
class Row {
  constructor(open: (day: IDay) => void) {
    this._button.type = 'button';
    this._button.addEventListener('click', () => this._day && open(this._day));
    const words = make('span', 'mslearn-Camp-words');
    words.append(this._about, this._name);
    this._button.append(this._icon, words);
    this.item.append(this._button);
  }

  /** Returns whether the day's state moved on since it was last shown. */
  update(day: IDay, language: Language): boolean {
    const strings = STRINGS[language];
    const moved = this._day !== null && this._day.state !== day.state;
    this._day = day;
    this._icon.replaceChildren(stateIcon(day.state));
    this._about.textContent = `${strings.day(day.day)} · ${strings.state[day.state]}`;
    this._name.textContent = day.title[language];
    this._button.disabled = day.state === 'coming';
    this._button.dataset.day = day.id;
    this._button.dataset.state = day.state satisfies DayState;
    this._button.title = day.title[language];
    return moved;
  }

  markCurrent(path: string): void {
    const paths = this._day?.path;
    if (paths && Object.values(paths).includes(path)) {
      this._button.setAttribute('aria-current', 'page');
    } else {
      this._button.removeAttribute('aria-current');
    }
  }

  readonly item = make('li', 'mslearn-Camp-item');
  private _day: IDay | null = null;
  private readonly _button = make('button', 'mslearn-Camp-day');
  private readonly _icon = make('span', 'mslearn-Camp-mark');
  private readonly _about = make('span', 'mslearn-Camp-about');
  private readonly _name = make('span', 'mslearn-Camp-name');
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
