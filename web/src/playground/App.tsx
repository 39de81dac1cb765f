// The page: a bar with who is signed in, and GraphiQL below it.

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';

import { Bar } from './Bar';
import { EXAMPLES } from './ExamplesPane';
import { fetcher } from './fetcher';
import { WELCOME } from './welcome';

const EXPLORER = { ...explorerPlugin({ showAttribution: false }), title: 'Explorer' };
// The reference comes first by itself.
const PLUGINS = [EXPLORER, EXAMPLES, HISTORY_PLUGIN];

export function App() {
  return (
    <>
      <Bar />
      <main className="playground">
        <GraphiQL
          fetcher={fetcher}
          plugins={PLUGINS}
          defaultQuery={WELCOME}
          defaultEditorToolsVisibility="variables"
          // Headers may hold credentials.
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
          inputValueDeprecation
          schemaDescription
          customScalarSchemas={{ JSON: {} }}
        >
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}
