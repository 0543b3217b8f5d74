using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Guest.Instructions;

/// <summary>Whom this instance proves itself to, and where it says so.</summary>
/// <param name="Place">For people: a URL or a file.</param>
internal sealed record FoundInstructions(GuestInstructions Instructions, string Place);

/// <summary>A document of one place.</summary>
/// <param name="Content">Null when the place has no such document.</param>
internal sealed record PlacedDocument(string Place, ReadOnlyMemory<byte>? Content);

/// <summary>A place that OpenStack's metadata can be read from.</summary>
internal interface IMetadataPlace
{
    /// <param name="name">vendor_data2.json or meta_data.json.</param>
    /// <exception cref="InstructionsException">The place does not answer, or answers too much.</exception>
    Task<PlacedDocument> FetchAsync(string name, CancellationToken ct);
}
