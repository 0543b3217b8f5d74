namespace OpenStackSev.Api.Errors;

/// <summary>One way in which a request can end other than well.</summary>
/// <param name="Code">In <c>errors[].code</c>. Stable: once shipped, never changed.</param>
/// <param name="Status">HTTP status, always the same for a code.</param>
/// <param name="Title">In <c>errors[].title</c>; always the same for a code.</param>
/// <param name="Meaning">For the table of codes: when it comes, and what to do.</param>
public sealed record ErrorCode(string Code, int Status, string Title, string Meaning);
