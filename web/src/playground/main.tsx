// Starts the playground page.

import './workers';

import '@graphiql/react/font/fira-code.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-explorer/style.css';
import 'graphiql/graphiql.css';
import '../style/colours.css';
import '../style/bar.css';
import './style/page.css';
import './style/panel.css';
import './style/examples.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './App';

const page = document.getElementById('page');
if (!page) throw new Error('the document has no place for the page');
createRoot(page).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
