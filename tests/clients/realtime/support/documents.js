// The subscriptions, and how what they say is called on Socket.IO.

const NAMES = {
  ProvisioningStatusUpdate: 'status:update',
  ProvisioningLogLines: 'status:log',
  ProvisioningCompleted: 'status:completed',
  ProvisioningFailed: 'status:failed',
  NotificationEvent: 'notification:new',
};

const kinds = ['ProvisioningStatusUpdate', 'ProvisioningLogLines', 'ProvisioningCompleted', 'ProvisioningFailed'];

export const DOCUMENTS = {
  provisioning: `subscription Listen($after: String) {
    provisioning(after: $after) {
      __typename
      ${kinds.map((kind) => `... on ${kind} { cursor occurredAt job { id status tenant { viewerRole } } }`).join('\n')}
    }
  }`,
  notifications: `subscription Listen($after: String) {
    notifications(after: $after) {
      __typename cursor occurredAt notification { id title message type }
    }
  }`,
};

/** An event as every listener of these tests keeps it. */
export function fromGraphql(data) {
  const [event] = Object.values(data);
  const { __typename: type, ...payload } = event;
  return { name: NAMES[type] ?? type, payload: { ...payload, seq: placeIn(payload.cursor) } };
}

/** Clients do not look into cursors. Tests do: at the end of one there is the place in the one stream. */
function placeIn(cursor) {
  const bytes = Buffer.from(cursor, 'base64url');
  return Number(bytes.readBigInt64BE(bytes.length - 8));
}
