// Starts the page with the REST reference: ReDoc over the description that the server has.

import './style.css';

import * as Redoc from 'redoc/bundles/redoc.standalone.js';

import { address } from '../address';
import { theme } from './theme';

const page = document.getElementById('page');
if (!page) throw new Error('the document has no place for the page');

Redoc.init(
  address('openapi.json'),
  {
    theme,
    hideHostname: true,
    hideDownloadButtons: false,
    expandResponses: '200,201',
    pathInMiddlePanel: true,
    requiredPropsFirst: true,
    sortTagsAlphabetically: false,
    nativeScrollbars: true,
  },
  page,
);
