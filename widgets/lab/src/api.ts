import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export type Language = 'en' | 'zh';
export type Translated = Record<Language, string>;
export type DayState = 'done' | 'started' | 'available' | 'coming';

export interface IDay {
  day: number;
  id: string;
  title: Translated;
  state: DayState;
  /** Notebook paths below the server's root; null when the lessons are not below it. */
  path: Translated | null;
}

export interface ICamp {
  language: Language;
  done: number;
  total: number;
  days: IDay[];
}

/** The server answered, and the answer was not a camp. */
export class CampError extends Error {
  constructor(
    readonly status: number,
    message: string
  ) {
    super(message);
  }
}

/**
 * Talks to the server extension (mslearn/lab/server.py). Only what changed crosses the wire: the
 * server compares our ETag, and a poll that finds nothing new is an empty 304.
 */
export class CampClient {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /**
   * The camp as it stands, or null when it is what the last call returned. An answer that a choice
   * of language has overtaken is null, too: it may tell what was before.
   */
  async camp(): Promise<ICamp | null> {
    const choices = this._choices;
    const headers = this._etag ? { 'If-None-Match': this._etag } : undefined;
    const response = await this._request('camp', { method: 'GET', headers });
    if (response.status === 304) {
      await response.text(); // an unread answer counts as an aborted request in the browser's log
      return null;
    }
    const camp = await this._json(response);
    if (choices !== this._choices) {
      return null;
    }
    this._etag = response.headers.get('ETag') ?? '';
    return camp;
  }

  async setLanguage(language: Language): Promise<ICamp> {
    const body = JSON.stringify({ language });
    this._etag = '';
    this._choices++;
    try {
      return await this._json(await this._request('language', { method: 'POST', body }));
    } finally {
      this._choices++;
    }
  }

  private _request(name: string, init: RequestInit): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'mslearn', name);
    return ServerConnection.makeRequest(url, init, this._settings);
  }

  private async _json(response: Response): Promise<ICamp> {
    const text = await response.text();
    if (!response.ok) {
      throw new CampError(response.status, messageOf(text) || response.statusText);
    }
    return JSON.parse(text) as ICamp;
  }

  private _etag = '';
  /** Counts the begin and the end of each choice of a language. */
  private _choices = 0;
}

/** Jupyter's error bodies are {"message": …}; a proxy's may be a page of HTML. */
function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message ?? '');
  } catch {
    return '';
  }
}
