/** What the anywidget hosts share: requests over messages, and bytes put back in their places. */
import type { AnyModel } from '@anywidget/types';
import type { Ask, Backend } from './api';
import type { Points, Reply } from './contract';

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** Sends requests to the kernel. They wait while it is busy. */
export class KernelBackend implements Backend {
  private readonly waiting = new Map<number, Waiting>();
  // views of one model hear each other's replies, so their ids must differ
  private next = Math.floor(Math.random() * 2 ** 40);

  constructor(
    private readonly model: AnyModel,
    private readonly onPoints: (points: Points) => void = () => undefined
  ) {
    model.on('msg:custom', this.onMessage);
  }

  ask(request: Ask): Promise<Reply> {
    const request_id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(request_id, { resolve, reject });
      this.model.send({ ...request, request_id });
    });
  }

  stop(): void {
    this.model.off('msg:custom', this.onMessage);
    this.waiting.clear();
  }

  private readonly onMessage = (content: unknown, buffers: DataView[]): void => {
    const reply = unpack(content, buffers) as Reply;
    if (reply.type === 'points') {
      this.onPoints(reply);
      return;
    }
    if (reply.type === 'found') {
      return; // the widget has it as a mark; it is for whoever notifies people
    }
    const waiting = this.waiting.get(reply.request_id);
    this.waiting.delete(reply.request_id);
    if (reply.type === 'failed') {
      waiting?.reject(new Error(reply.message));
    } else {
      waiting?.resolve(reply);
    }
  };
}

/** Puts the buffers where Python's `pack` took them from. */
export function unpack(value: unknown, buffers: DataView[]): unknown {
  if (Array.isArray(value)) {
    return value.map(item => unpack(item, buffers));
  }
  if (value === null || typeof value !== 'object' || value instanceof DataView) {
    return value;
  }
  if ('$buffer' in value) {
    return buffers[value.$buffer as number];
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpack(item, buffers)]));
}
