/** What the command needs, and no other does. */
export { bench } from './bench.js'
export { ProgressBar } from './progress-bar.js'
export { csvOf, reportOf } from './report.js'
