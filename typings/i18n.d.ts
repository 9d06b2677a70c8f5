// The functions of Django's JavaScript catalogue, a classic script that every page with modules loads before them.
declare function gettext(text: string): string;
declare function pgettext(context: string, text: string): string;
declare function ngettext(singular: string, plural: string, count: number): string;
declare function interpolate(format: string, values: Record<string, string | number>, named: true): string;
