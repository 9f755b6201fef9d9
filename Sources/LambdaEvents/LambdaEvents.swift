/// Events of AWS services.
