// ReDoc in the colours and letters of the other pages.

const letters = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const code = 'ui-monospace, "Fira Code", "Cascadia Mono", Menlo, Consolas, monospace';

export const theme = {
  colors: { primary: { main: '#1f5fd6' }, text: { primary: '#1c2430', secondary: '#566173' } },
  typography: {
    fontFamily: letters,
    fontSize: '15px',
    headings: { fontFamily: letters, fontWeight: '600' },
    code: { fontFamily: code, fontSize: '13px' },
  },
  sidebar: { backgroundColor: '#f3f5f9', textColor: '#1c2430', width: '280px' },
  rightPanel: { backgroundColor: '#182230' },
};
