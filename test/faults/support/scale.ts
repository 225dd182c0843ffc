/** How much of it: little in `npm test`, much in `npm run test:soak`. */
export function scale<Value>({ quick, soak }: { readonly quick: Value; readonly soak: Value }): Value {
  return process.env['ROLLCALL_FAULTS'] === 'soak' ? soak : quick;
}
