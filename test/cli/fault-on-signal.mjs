/** Loaded into a real peer by `--import`: SIGUSR2 makes it fail in a way that nobody catches. */
process.on('SIGUSR2', () => {
  const fault = new Error('a fault from outside')
  if (process.env.FAULT === 'reject') void Promise.reject(fault)
  else
    setImmediate(() => {
      throw fault
    })
})
