/// <reference types="vite/client" />

// ReDoc's standalone file brings no types; this is what the page uses of it.
declare module 'redoc/bundles/redoc.standalone.js' {
  export function init(
    spec: string | object,
    options: object,
    element: Element,
    done?: (error?: Error) => void,
  ): void;
}
