/** Preloaded into a hub: its clock goes wrong by `CLOCK_OFFSET_MS` until SIGUSR2, as if that much time had passed then. */
const now = Date.now.bind(Date)
let offsetMs = Number(process.env['CLOCK_OFFSET_MS'] ?? 0)
Date.now = () => now() + offsetMs
process.on('SIGUSR2', () => (offsetMs = 0))
