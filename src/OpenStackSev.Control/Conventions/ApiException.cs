using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Conventions;

/// <summary>Ends a request with an error of the API's contract.</summary>
/// <param name="error">Decides status and title.</param>
/// <param name="detail">What is wrong with this request: lower case, no final period; no secret, no exception's text.</param>
public sealed class ApiException(ErrorCode error, string detail, Exception? inner = null) : Exception($"{error.Code}: {detail}", inner)
{
    public ErrorCode Error { get; } = error;
    public string Detail { get; } = detail;

    /// <summary>What else is wrong, each as one more error of the same code.</summary>
    public IReadOnlyList<string> Further { get; init; } = [];

    /// <summary>When the same request may succeed; null when nobody can say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
