// Starts the page with the REST reference: ReDoc over the description that the server has.

import '../style/colours.css';
import '../style/bar.css';
import './style.css';

import * as Redoc from 'redoc/bundles/redoc.standalone.js';

import { address } from '../address';
import { theme } from './theme';

const page = document.getElementById('page');
if (!page) throw new Error('the document has no place for the page');

for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-path]')) {
  link.href = address(link.dataset.path ?? '');
}

Redoc.init(
  address('openapi.json'),
  {
    theme,
    scrollYOffset: '.bar',
    hideHostname: true,
    expandResponses: '200,201',
    pathInMiddlePanel: true,
    requiredPropsFirst: true,
    nativeScrollbars: true,
  },
  page,
);
