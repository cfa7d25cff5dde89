/** What of a kernel's messages people want to be told. Knows no host. */
import type { Mark, RunEnded, RunStatus, Severity } from './contract';

/** What a person wants to hear of. */
export interface Wanted {
  findings: Severity | 'never';
  runs: 'never' | 'unfinished' | 'all';
}

/** One thing to tell; `key` tells it from others. */
export interface Notice {
  key: string;
  text: string;
  level: 'error' | 'warning' | 'info' | 'success';
}

const SEVERITIES: Severity[] = ['info', 'warning', 'error'];
const LEVELS: { [status in RunStatus]?: Notice['level'] } = { finished: 'success', failed: 'error', interrupted: 'warning' };
const MOST = 3; // findings of one message that are told one by one

/** The notices in a message of a kernel, whatever it holds. */
export function noticesIn(message: { header: { msg_type: string }; content: unknown }, wanted: Wanted): Notice[] {
  const { msg_type } = message.header;
  const content = message.content as {
    data?: { method?: unknown; content?: { type?: unknown; run_name?: unknown; mark?: unknown } };
    transient?: { aseptic?: unknown };
  };
  if (msg_type === 'comm_msg' && content.data?.method === 'custom' && content.data.content?.type === 'found') {
    const { run_name, mark } = content.data.content;
    return isMark(mark) ? ofFindings([mark], String(run_name), wanted) : [];
  }
  const ended = msg_type === 'display_data' ? content.transient?.aseptic : undefined;
  return isRunEnded(ended) ? [...ofFindings(ended.findings.filter(isMark), ended.run_name, wanted), ...ofEnd(ended, wanted)] : [];
}

function ofFindings(marks: Mark[], run_name: string, { findings }: Wanted): Notice[] {
  const told = marks.filter(({ severity }) => findings !== 'never' && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(findings));
  return told.slice(0, MOST).map(({ run_id, code, name, severity, message }) => ({
    key: `${run_id} ${code}`,
    text: `${run_name}: ${code} ${name}: ${message}`,
    level: severity
  }));
}

function ofEnd({ run_id, run_name, status }: RunEnded, { runs }: Wanted): Notice[] {
  const isTold = runs === 'all' || (runs === 'unfinished' && status !== 'finished');
  const said = status === 'finished' ? 'finished' : `ended: ${status}`;
  return isTold ? [{ key: `${run_id} end`, text: `${run_name} ${said}`, level: LEVELS[status] ?? 'info' }] : [];
}

function isMark(value: unknown): value is Mark {
  const { run_id, code, name, message, severity } = (value ?? {}) as Partial<Mark>;
  return [run_id, code, name, message].every(text => typeof text === 'string') && SEVERITIES.includes(severity as Severity);
}

function isRunEnded(value: unknown): value is RunEnded {
  const { run_id, run_name, status, findings } = (value ?? {}) as Partial<RunEnded>;
  return [run_id, run_name, status].every(text => typeof text === 'string') && Array.isArray(findings);
}
