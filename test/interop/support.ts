export { hasDebianPackage as hasPackage } from '@rollcall/conformance';
