// People with companies, and what they do, by what a program without real time would use.

import { createHmac } from 'node:crypto';

import { SECRET } from './stack.js';
import { until } from './wait.js';

let count = 0;
const PASSWORD = 'plum-tractor-velvet';

/** What REST answers, as data; fails on anything but success. */
export async function api(base, method, path, token, body) {
  const response = await ask(base, method, path, token, body);
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}

/** The same, with whatever it answers. */
export function ask(base, method, path, token, body) {
  return fetch(`${base}/api/v1${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** What GraphQL answers. */
export async function graphql(base, token, query, variables) {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Somebody new with a company of their own. */
export async function person(base) {
  const email = `person-${process.pid}-${(count += 1)}@example.com`;
  const data = await api(base, 'POST', '/auth/register', undefined, {
    email,
    password: PASSWORD,
    full_name: 'Ann Lee',
    company_name: `Acme ${count}`,
  });
  return credentials(base, email, data);
}

/** Another session of theirs. */
export async function signIn(base, { email }) {
  const data = await api(base, 'POST', '/auth/login', undefined, { email, password: PASSWORD });
  return credentials(base, email, data);
}

/** Somebody with an account who is put into the company of another; signed in there. */
export async function member(base, owner, role = 'member') {
  const account = await person(base);
  await invite(base, owner, account, role);
  return switchTo(base, account, owner.tenant);
}

export function invite(base, owner, account, role = 'member') {
  const path = `/tenants/${owner.tenant}/users/invite`;
  return api(base, 'POST', path, owner.token, { email: account.email, role });
}

/** The same person in another company. */
export async function switchTo(base, account, tenant) {
  const data = await api(base, 'POST', '/auth/switch-tenant', account.token, { tenant_id: tenant });
  return { ...account, tenant, token: data.access_token, refresh: data.refresh_token };
}

function credentials(base, email, data) {
  return {
    email,
    user: data.user.id,
    tenant: data.current_tenant.id,
    token: data.access_token,
    refresh: data.refresh_token,
  };
}

/** The same claims with another end, which is so many seconds from now. */
export function endingIn(seconds, token) {
  const [header, payload] = token.split('.');
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...read(payload), iat: Math.min(now, now + seconds - 1), exp: now + seconds };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

export function createJob(base, { token }, type = 'create_site') {
  return api(base, 'POST', '/provisioning/jobs', token, { job_type: type });
}

/** Has a job done, and waits for it. */
export async function done(base, who, type) {
  const { id } = await createJob(base, who, type);
  await until(`${type} done`, async () => {
    const { status } = await api(base, 'GET', `/provisioning/jobs/${id}`, who.token);
    if (status === 'failed') throw new Error(`${type} failed`);
    return status === 'completed';
  });
  return id;
}

/** A job that nobody works on: each turn calls it off or asks for it again, which is one event. */
export class Turns {
  constructor(who, job) {
    this.who = who;
    this.job = job;
    this.waiting = true;
    this.count = 1;
  }

  static async begin(base, who) {
    const { id } = await createJob(base, who, 'backup_site');
    return new Turns(who, id);
  }

  /** One event; `false` when the server went away meanwhile, and nobody knows. */
  async next(base) {
    const path = `/provisioning/jobs/${this.job}/${this.waiting ? 'cancel' : 'retry'}`;
    await api(base, 'POST', path, this.who.token);
    this.waiting = !this.waiting;
    this.count += 1;
  }

  /** After a request whose answer was lost. */
  async look(base) {
    const { status } = await api(base, 'GET', `/provisioning/jobs/${this.job}`, this.who.token);
    this.waiting = status === 'pending';
  }
}
