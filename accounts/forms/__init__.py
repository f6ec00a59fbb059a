"""Forms of persons, sign-in, mandates and acts. Widgets carry the attributes that browsers fill fields by."""
