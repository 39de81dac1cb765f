// The form that signs in.

import type { FormEvent } from 'react';

import { signIn } from '../session/session';
import { useTask } from './useTask';

export function SignIn({ notice }: { notice: string | null }) {
  const { busy, problem, start } = useTask();

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [email, password] = [form.get('email'), form.get('password')].map(String);
    start(() => signIn(email ?? '', password ?? ''));
  };

  return (
    // `post`, so that no browser puts a password into the address should the script have failed.
    <form className="panel" method="post" onSubmit={submit}>
      <h2>Sign in</h2>
      {notice && !problem && (
        <p className="panel-notice" role="status">
          {notice}
        </p>
      )}
      {problem && (
        <p className="panel-problem" role="alert">
          {problem}
        </p>
      )}
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" required autoFocus />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit" className="button primary" disabled={busy}>
        {busy ? 'Signing in …' : 'Sign in'}
      </button>
      <p className="panel-hint">
        Operations are then sent with your token, which is renewed when it ends and forgotten with
        this tab. An <code>Authorization</code> in the Headers tab goes before it.
      </p>
    </form>
  );
}
