/// Joins the runtime to libcurl.
