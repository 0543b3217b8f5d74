namespace OpenStackSev.Api;

/// <summary>The body of every answer that is an error, as Placement has it since 1.23.</summary>
public sealed record ErrorBody(IReadOnlyList<ErrorItem> Errors);

/// <param name="Code">Stable; branch on this, never on the texts.</param>
/// <param name="MinVersion">Of a 406: the lowest microversion that is spoken.</param>
/// <param name="MaxVersion">Of a 406: the highest one.</param>
public sealed record ErrorItem(
    int Status, string Title, string Detail, string Code, string? RequestId = null, string? MinVersion = null, string? MaxVersion = null);
