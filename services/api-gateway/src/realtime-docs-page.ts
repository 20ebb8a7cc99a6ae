/**
 * Renders the AsyncAPI document: the channel, then every frame with its fields and an example. Sets
 * text only, never HTML.
 */
export const REALTIME_SCRIPT = `(async () => {
  const page = document.getElementById('page');
  const add = (parent, tag, text, className) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    parent.append(element);
    return element;
  };
  const answer = await fetch('/docs/asyncapi.json');
  const doc = await answer.json();
  if (!answer.ok) return void add(page, 'p', doc.message);
  const at = (ref) => ref.split('/').slice(1).reduce((node, key) => node && node[key.replaceAll('~1', '/').replaceAll('~0', '~')], doc);
  const deref = (node) => (node && node.$ref ? deref(at(node.$ref)) : node);
  const typeOf = (schema) => {
    const s = deref(schema) || {};
    if (s.const !== undefined) return JSON.stringify(s.const);
    if (s.enum) return s.enum.map((value) => JSON.stringify(value)).join(' | ');
    const any = s.anyOf || s.oneOf;
    if (any) return any.map(typeOf).join(' | ');
    if (s.type === 'array') return typeOf(s.items) + '[]';
    return Array.isArray(s.type) ? s.type.join(' | ') : s.type || 'any';
  };
  const fields = (parent, schema) => {
    const s = deref(schema) || {};
    for (const part of [...(s.allOf || []), ...(s.oneOf || []), ...(s.anyOf || [])]) fields(parent, part);
    if (!s.properties) return;
    const table = add(parent, 'table');
    for (const [name, property] of Object.entries(s.properties)) {
      const row = add(table, 'tr');
      add(row, 'th', name + ((s.required || []).includes(name) ? '' : ' ?'));
      add(row, 'td', typeOf(property), 'type');
      add(row, 'td', (deref(property) || {}).description || '');
    }
  };
  const message = (parent, raw) => {
    const m = deref(raw);
    const box = add(parent, 'section', undefined, 'frame');
    add(box, 'h3', m.title || m.name || String(raw.$ref || '').split('/').pop());
    for (const text of [m.summary, m.description]) if (text) add(box, 'p', text);
    fields(box, m.payload);
    for (const example of m.examples || []) add(box, 'pre', JSON.stringify(example.payload, null, 2));
  };
  add(page, 'h1', doc.info.title);
  add(page, 'p', doc.info.description || '');
  const link = add(page, 'a', 'asyncapi.json');
  link.href = '/docs/asyncapi.json';
  for (const channel of Object.values(doc.channels || {})) {
    add(page, 'h2', deref(channel).address);
    if (deref(channel).description) add(page, 'p', deref(channel).description);
  }
  for (const operation of Object.values(doc.operations || {})) {
    const op = deref(operation);
    add(page, 'h2', op.title || op.summary || (op.action === 'send' ? 'From the server' : 'From the client'));
    if (op.description) add(page, 'p', op.description);
    const all = op.messages || Object.values(deref(op.channel).messages || {});
    for (const one of all) message(page, one);
  }
})();
`;

export const REALTIME_STYLE = `body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1c2430; background: #fff; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
h1, h2, h3 { overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d8dee6; }
.frame { margin: 1rem 0; padding: .5rem 1rem; border: 1px solid #d8dee6; border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0; font-weight: normal; }
th, .type, pre { font-family: ui-monospace, monospace; font-size: .9rem; }
.type { color: #5b4bb5; }
pre { background: #f5f7fa; padding: .75rem; overflow: auto; }
@media (max-width: 40rem) {
  th, td { display: block; padding: 0; overflow-wrap: anywhere; }
  th { font-weight: bold; margin-top: .6rem; }
}
`;
