// The bar at the top: what this is, where else to go, and who is signed in.

import { useEffect, useState } from 'react';

import { address } from '../address';
import { resume } from '../session/session';
import { useSession } from '../session/useSession';
import { Account } from './Account';
import { Popover } from './Popover';
import { SignIn } from './SignIn';

export function Bar() {
  const { tokens, person, notice } = useSession();
  const [open, setOpen] = useState(false);

  useEffect(() => {
    // Without an answer nobody's name is shown; whatever is run next says why.
    resume().catch(() => undefined);
  }, []);
  // An ended session asks for attention; a new one gives the page free.
  useEffect(() => setOpen(notice !== null), [notice]);
  useEffect(() => {
    if (tokens) setOpen(false);
  }, [tokens !== null]);

  const name = person ? person.fullName || person.email : 'Signed in';
  const where = person?.currentTenant?.name;
  return (
    <header className="bar">
      <h1>
        <span className="bar-brand">ERPMax</span> <span className="bar-what">GraphQL playground</span>
      </h1>
      <nav aria-label="Other pages">
        <a href={address('redoc')}>REST reference</a>
        <a href={address('docs')}>Try REST</a>
      </nav>
      <Popover
        open={open}
        onToggle={setOpen}
        label={
          tokens ? (
            <>
              <span className="bar-name">{name}</span>
              {where && <span className="bar-where">{where}</span>}
            </>
          ) : (
            'Sign in'
          )
        }
        primary={!tokens}
      >
        {tokens ? <Account person={person} /> : <SignIn notice={notice} />}
      </Popover>
    </header>
  );
}
