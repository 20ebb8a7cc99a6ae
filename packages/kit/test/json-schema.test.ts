import { expect } from 'chai';
import Joi from 'joi';
import { answerSchema, jsonSchema, nameSchemas } from '../src/json-schema.ts';
import { count, oneOf, time, wireList, wireObject } from '../src/wire-object.ts';

interface Pet {
  name: string;
  owner: { id: string } | null;
  age?: number;
}

const owner = wireObject<{ id: string }>('Owner', { id: Joi.string() });
const pet = wireObject<Pet>('Pet', { name: Joi.string(), owner: owner.allow(null) }, { age: count() });

describe('the JSON Schema of a Joi schema', () => {
  it('keeps null in enums, and the inversion of patterns', () => {
    expect(jsonSchema(oneOf('owner', 'member').allow(null))).to.deep.equal({
      type: ['string', 'null'],
      enum: ['owner', 'member', null],
    });
    const both = Joi.string().pattern(/^a/).pattern(/b$/, { invert: true });
    expect(jsonSchema(both)).to.deep.include({ allOf: [{ pattern: '^a' }, { not: { pattern: 'b$' } }] });
    const one = Joi.object({ id: Joi.string().pattern(/^dm:/, { invert: true }) });
    expect(jsonSchema(one)).to.have.deep.nested.property('properties.id.not', { pattern: '^dm:' });
  });

  it('requires what a type requires, and is closed for what is taken but open for what is answered', () => {
    expect(jsonSchema(pet)).to.deep.include({ title: 'Pet', required: ['name', 'owner'], additionalProperties: false });
    expect(answerSchema(pet)).not.to.have.property('additionalProperties');
    expect(answerSchema(Joi.object({ details: Joi.object().pattern(Joi.string(), time()) }))).to.have.nested.property(
      'properties.details.patternProperties',
    );
  });

  it('takes what a schema says of itself in place of what it validates', () => {
    expect(
      jsonSchema(
        Joi.string()
          .max(1024)
          .meta({ schema: { maxLength: 72 } }),
      ),
    ).to.include({ maxLength: 72 });
  });

  it('names each kind of item of an array of several', () => {
    const kind = (title: string) => wireObject<{ name: string }>(title, { name: Joi.string() });
    const schema = answerSchema(Joi.array().items(kind('Cat'), kind('Dog')));
    expect(schema).to.have.nested.property('items.anyOf[0].title', 'Cat');
    expect(schema).to.have.nested.property('items.anyOf[1].title', 'Dog');
  });

  it('names objects apart, not the choice between an object and null', () => {
    const schemas = {};
    const named = nameSchemas(answerSchema(wireList('PetList', 'pets', pet)), schemas);
    expect(named).to.deep.equal({ $ref: '#/components/schemas/PetList' });
    expect(schemas).to.have.all.keys('PetList', 'Pet', 'Owner');
    expect(schemas).to.have.deep.nested.property('Pet.properties.owner', {
      anyOf: [{ $ref: '#/components/schemas/Owner' }, { type: 'null' }],
    });
    expect(schemas).to.have.deep.nested.property('PetList.properties.pets.items', {
      $ref: '#/components/schemas/Pet',
    });
  });
});
