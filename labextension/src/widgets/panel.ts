/** anywidget host of the panel. */
export default { render(): void {} };
