/** Leaves a finding as it is: a button, then a field for the reason. Knows no host. */
import { el } from './dom';

/** `done` gets the reason. Keys stay here: JupyterLab would take Enter for "edit this cell". */
export function drawAcknowledge(code: string, done: (reason: string) => void): HTMLElement {
  const reason = el('input', { class: 'as-Filter', 'aria-label': `Why ${code} may stay`, placeholder: 'why it may stay', hidden: true });
  const button = el('button', { class: 'as-Acknowledge', type: 'button' }, 'Acknowledge …');
  const send = (): void => {
    const text = reason.value.trim();
    if (reason.hidden) {
      reason.hidden = false;
      button.textContent = 'Acknowledge';
      reason.focus();
    } else if (text) {
      button.disabled = true;
      done(text);
    }
  };
  button.addEventListener('click', send);
  const line = el('p', { class: 'as-Pair' }, reason, ' ', button);
  line.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.key === 'Enter' && event.target === reason) {
      send();
    }
  });
  return line;
}
