// The pane with the documented operations: search, read what one is for, open it in a tab.

import { pick, useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import { useState, type ReactNode } from 'react';

import { examples, type Example } from './examples';
import { template } from './variables';

function ExamplesPane() {
  const { schema, queryEditor, variableEditor } = useGraphiQL(
    pick('schema', 'queryEditor', 'variableEditor'),
  );
  const { addTab } = useGraphiQLActions();
  const [wanted, setWanted] = useState('');

  const open = ({ text, operation }: Example) => {
    addTab();
    queryEditor?.setValue(text);
    variableEditor?.setValue(template(operation, schema));
  };
  const words = wanted.toLowerCase().split(/\s+/);
  const found = examples.filter(({ title, about, text }) => {
    const all = `${title} ${about} ${text}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });

  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      <p className="examples-lead">
        What a frontend sends, screen by screen. A click opens one in a new tab, with the variables it
        needs.
      </p>
      <input
        type="search"
        placeholder="Find an operation"
        aria-label="Find an operation"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      <ul>
        {found.map((example) => (
          <li key={example.title}>
            <button type="button" onClick={() => open(example)}>
              <span className="examples-title">{example.title}</span>
              <span className={`examples-kind ${example.kind}`}>{example.kind}</span>
              <span className="examples-about">{withCode(example.about)}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p>There is no example like that.</p>}
    </section>
  );
}

/** What stands between backticks, as code. */
function withCode(text: string): ReactNode[] {
  return text.split('`').map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part));
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5 4h14v16H5z" strokeLinejoin="round" />
      <path d="m9 9 2 2-2 2M13 14h3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

export const EXAMPLES: GraphiQLPlugin = {
  title: 'Examples',
  icon: Icon,
  content: ExamplesPane,
};
