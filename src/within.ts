/** Resolves when something is done, at the latest after `timeout` ms. */
export async function within(timeout: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timedOut = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout)
  })
  try {
    await Promise.race([done, timedOut])
  } finally {
    clearTimeout(timer)
  }
}
