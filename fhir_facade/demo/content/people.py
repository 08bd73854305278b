"""Names of members and care managers; the surnames are made up so that nobody is meant."""

from __future__ import annotations

from fhir_facade.demo.content.shapes import Person

GIVEN_NAMES = (
    "Amara", "Anouk", "Arjun", "Astrid", "Beatriz", "Bilal", "Caleb", "Chidi", "Clara", "Dalia",
    "Darnell", "Diego", "Ebony", "Elena", "Emeka", "Fatima", "Felix", "Freya", "Gustavo", "Hana",
    "Hiroshi", "Imani", "Ines", "Isaac", "Jamal", "Jasmine", "Joaquín", "Kaya", "Keiko", "Kwame",
    "Lakshmi", "Leilani", "Lucía", "Malik", "Marisol", "Mei", "Miriam", "Nadia", "Nikolai", "Noor",
    "Omar", "Oona", "Paloma", "Priya", "Quentin", "Rafael", "Rosa", "Samira", "Sione", "Søren",
    "Tamika", "Thandi", "Tomás", "Uma", "Viktor", "Wanda", "Xiomara", "Yusuf", "Zainab", "Zoë",
)  # fmt: skip

SURNAMES = (
    "Sampleton", "Testerwood", "Fictivio", "Mockingham", "Demoski", "Examplar", "Placeholt",
    "Fixturez", "Pretendo", "Stubbington", "Synthesson", "Madeupé", "Notarealli", "Imaginaro",
    "Dummerfield", "Trialova", "Sandboxley", "Fauxworth", "Protomann", "Specimeno", "Rehearsal",
    "Makebelieve", "Drafton", "Seedling", "Lorimipsum", "Randomsen", "Phantomas", "Cipherly",
    "Nullström", "Variabel", "O'Example", "van Testen", "Al-Mithal", "de la Muestra", "Tameshi",
    "Udaharan", "Li-Shi", "Mfano", "Primerova", "Ornek",
)  # fmt: skip

CARE_MANAGERS = (
    Person("U11", "Odalys Testerwood"),
    Person("U12", "Bram Fixturez"),
    Person("U13", "Nkechi Sampleton"),
    Person("U14", "Ravi Placeholt"),
    Person("U15", "Solveig Draftsen"),
    Person("U16", "Marcus Mockingham"),
    Person("U17", "Teodora Examplar"),
    Person("U18", "Kenji Tameshi"),
    Person("U19", "Aaliyah Pretendo"),
    Person("U20", "Gwen Sandboxley"),
    Person("U21", "Iñaki de la Muestra"),
    Person("U22", "Hollis Randomsen"),
)

CLINICS = (
    "Lantern Street Clinic",
    "Two Rivers Family Practice",
    "Copper Hill Cardiology",
    "Juniper Endocrine Associates",
    "Wharfside Community Health",
    "Maple Fork Internal Medicine",
    "Bluestem Women's Health",
    "Northgate Infusion Center",
)
