// Waiting for something to become true, with an end.

/** Until `look` gives something that counts as true; fails with what was waited for after so many seconds. */
export async function until(what, look, seconds = 30) {
  const deadline = Date.now() + 1000 * seconds;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

/** What a promise gives, if it does so in time. */
export async function within(what, promise, seconds = 10) {
  let timer;
  const late = new Promise((_, refuse) => {
    const complain = () => refuse(new Error(`${what}: not within ${seconds} s`));
    timer = setTimeout(complain, 1000 * seconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
