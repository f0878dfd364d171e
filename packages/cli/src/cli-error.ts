/** Said to the person at the keyboard, without a stack: what is wrong and what to do. */
export class CliError extends Error {}
