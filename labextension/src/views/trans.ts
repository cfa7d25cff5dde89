/** What is said in the language of the host; English where the host has none.
 *
 * The calls have the names and placeholders (`%1`) of JupyterLab's `TranslationBundle`, so its
 * tools find the strings of views too. Words of the data (names of params, runs) are not translated.
 */

export interface Translation {
  __(text: string, ...values: (string | number)[]): string;
  _n(singular: string, plural: string, count: number, ...values: (string | number)[]): string;
}

const english: Translation = {
  __: (text, ...values) => fill(text, values),
  // As in gettext, %1 is the count.
  _n: (singular, plural, count, ...values) =>
    fill(count === 1 ? singular : plural, [count, ...values]),
};

let spoken = english;

/** Say all that is drawn from now on with `translation`. */
export function setTranslation(translation: Translation): void {
  spoken = translation;
}

export const trans: Translation = {
  __: (text, ...values) => spoken.__(text, ...values),
  _n: (singular, plural, count, ...values) => spoken._n(singular, plural, count, ...values),
};

function fill(text: string, values: (string | number)[]): string {
  return text.replace(/%(\d+)/g, (whole, place) => String(values[Number(place) - 1] ?? whole));
}
