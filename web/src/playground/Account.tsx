// Who is signed in and in which company: the panel that switches, copies the token and signs out.

import type { Person } from '../session/operations';
import { signOut, switchTo, validToken } from '../session/session';
import { useTask } from './useTask';

export function Account({ person }: { person: Person | null }) {
  const { busy, problem, start } = useTask();

  const copy = async () => {
    const token = await validToken();
    if (token) await navigator.clipboard.writeText(token);
  };
  const tenant = person?.currentTenant;

  return (
    <div className="panel">
      <h2>{person?.fullName || 'Signed in'}</h2>
      <p className="panel-hint">
        {person?.email}
        {person?.isSuperuser && ' · superuser'}
      </p>
      {problem && (
        <p className="panel-problem" role="alert">
          {problem}
        </p>
      )}
      {person && (
        <label>
          Company
          <select
            value={tenant?.id ?? ''}
            disabled={busy}
            onChange={(event) => start(() => switchTo(event.target.value))}
          >
            {!tenant && <option value="">none</option>}
            {person.places.map(({ role, tenant: { id, name } }) => (
              <option key={id} value={id}>
                {name} ({role.toLowerCase()})
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="panel-buttons">
        <button type="button" className="button" disabled={busy} onClick={() => start(copy)}>
          Copy token
        </button>
        <button type="button" className="button" disabled={busy} onClick={() => start(signOut)}>
          Sign out
        </button>
      </div>
    </div>
  );
}
