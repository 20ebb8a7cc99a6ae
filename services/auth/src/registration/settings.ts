import { domainToASCII } from 'node:url';
import { listOf } from '@chatapi/kit';
import Joi from 'joi';

export interface RegistrationSettings {
  REGISTRATION: 'open' | 'invite' | 'closed';
  REGISTRATION_DOMAINS: string[];
}

/**
 * One spelling of a domain: in lower case, ASCII, without the dot of the root. '' for what is none.
 */
export const domainKey = (domain: string): string => domainToASCII(domain.replace(/\.$/, ''));

const isDomain = (value: string): boolean => /^[^@*/:\s[\]]+$/.test(value) && domainKey(value).includes('.');

export const registrationSettings = () => ({
  REGISTRATION: Joi.string()
    .valid('open', 'invite', 'closed')
    .default('open')
    .description('who may register: everybody, who has an invite, or nobody'),
  REGISTRATION_DOMAINS: listOf('a domain such as example.com', isDomain)
    .default([])
    .description('domains of the emails that may register, without their subdomains; default: all'),
});
