/** Asks the Jupyter server, which knows the runs without a kernel; see docs/server.md. */
import { ServerConnection } from '@jupyterlab/services';
import { decode } from '@msgpack/msgpack';
import type { Ask, Backend } from './api';
import type { Run } from './run';
import type { Curve, Differences, Reply, RunFindings, RunTable } from './contract';

const MSGPACK = 'application/vnd.msgpack';
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** What `events` tells. */
export interface Changed {
  run_ids: string[];
  others: boolean;
}

/** Values of a query string; null and undefined are left out. */
export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

/** The runs of one project: `at` is the path of a notebook or folder in it, as Jupyter has it. */
export class Server implements Backend {
  constructor(
    readonly at: string,
    private readonly settings = ServerConnection.makeSettings()
  ) {}

  /** The table of runs that a query selects. */
  runs(query: Query = {}): Promise<RunTable> {
    return this.get('runs', query);
  }

  /** Everything that was recorded of a run. */
  run(run_id: string): Promise<Run> {
    return this.get(`runs/${run_id}`, {});
  }

  async ask(request: Ask): Promise<Reply> {
    const request_id = 0; // each answer comes to its own question here
    switch (request.type) {
      case 'series': {
        const { type, run_ids, ...rest } = request;
        return { type, request_id, curves: await this.get<Curve[]>('series', { ...rest, run_id: run_ids }) };
      }
      case 'differences': {
        const { type, before, after } = request;
        return { type, request_id, differences: await this.get<Differences>('differences', { before, after }) };
      }
      case 'findings':
        return { type: 'findings', request_id, runs: await this.get<RunFindings[]>('findings', { run_id: request.run_ids }) };
      case 'query':
        await this.runs({ query: request.query, limit: 1 }); // says what is wrong with it, if anything is
        break;
      case 'star':
        await this.send('POST', 'mark', { run_ids: request.run_ids, is_starred: request.is_starred });
        break;
      case 'tag':
        await this.send('POST', 'mark', { run_ids: request.run_ids, add_tags: request.add, remove_tags: request.remove });
        break;
      case 'note':
        await this.send('PATCH', `runs/${request.run_id}`, { note: request.note });
        break;
      case 'rename':
        await this.send('PATCH', `runs/${request.run_id}`, { name: request.name });
        break;
      case 'acknowledge':
        throw new Error('say it with `aseptic acknowledge`'); // the panel of a kernel has the button
      case 'acknowledge': {
        const { code, subject, reason } = request;
        await this.send('POST', `runs/${request.run_id}/acknowledge`, { code, subject, reason });
        break;
      }
      case 'baseline':
        if (request.run_id) {
          await this.send('PATCH', `runs/${request.run_id}`, { is_baseline: true });
        }
        break;
      case 'trash':
      case 'restore':
        await this.send('POST', request.type, { run_ids: request.run_ids });
        break;
    }
    return { type: 'done', request_id };
  }

  /** Calls back whenever something was written, and after each time the server was away. */
  listen(changed: (what: Changed) => void): () => void {
    let socket: WebSocket | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    let pause = FIRST_PAUSE_MS;
    const open = (isAgain: boolean): void => {
      socket = new this.settings.WebSocket(this.feedUrl());
      socket.onopen = () => {
        pause = FIRST_PAUSE_MS;
        if (isAgain) {
          changed({ run_ids: [], others: true });
        }
      };
      socket.onmessage = event => changed(JSON.parse(String(event.data)) as Changed);
      socket.onclose = () => {
        if (!isOver) {
          timer = setTimeout(() => open(true), pause);
          pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        }
      };
    };
    open(false);
    return () => {
      isOver = true;
      clearTimeout(timer);
      socket?.close();
    };
  }

  private feedUrl(): string {
    const url = new URL(`${this.settings.wsUrl}aseptic/api/events`);
    url.searchParams.set('at', this.at);
    if (this.settings.token && this.settings.appendToken) {
      url.searchParams.set('token', this.settings.token);
    }
    return url.href;
  }

  private async get<T>(path: string, query: Query): Promise<T> {
    const reply = await this.request(path, query, { headers: { Accept: MSGPACK } });
    return asViews(decode(await reply.arrayBuffer())) as T;
  }

  private async send(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<void> {
    await this.request(path, {}, { method, body: JSON.stringify(body) });
  }

  private async request(path: string, query: Query, init: RequestInit): Promise<Response> {
    const url = new URL(`${this.settings.baseUrl}aseptic/api/${path}`);
    for (const [name, value] of Object.entries({ ...query, at: this.at })) {
      const values = Array.isArray(value) ? value : [value];
      values.filter(one => one !== null && one !== undefined).forEach(one => url.searchParams.append(name, String(one)));
    }
    // 'default': else Jupyter adds the time to the URL; the server says itself that nothing is kept
    const reply = await ServerConnection.makeRequest(url.href, { cache: 'default', ...init }, this.settings);
    if (!reply.ok) {
      throw new Error(await messageOf(reply));
    }
    return reply;
  }
}

async function messageOf(reply: Response): Promise<string> {
  try {
    return String(((await reply.json()) as { message: unknown }).message);
  } catch {
    return `the server answered ${reply.status}`;
  }
}

/** Bytes as the views want them: they read numbers through a DataView. */
function asViews(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return new DataView(value.buffer, value.byteOffset, value.byteLength);
  }
  if (Array.isArray(value)) {
    return value.map(asViews);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asViews(item)]));
}
