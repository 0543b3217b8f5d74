namespace OpenStackSev.Guest.Instructions;

/// <summary>Looks through the places in order. One attempt; the loop decides about the next.</summary>
/// <remarks>In each place vendordata goes first: only the cloud writes it, and server metadata is every member's.</remarks>
internal sealed class InstructionsSearch(IReadOnlyList<IMetadataPlace> places)
{
    public const string Vendordata = "vendor_data2.json";
    public const string ServerMetadata = "meta_data.json";

    /// <exception cref="InstructionsException">What is malformed goes before what is absent, and that before what did not answer.</exception>
    public async Task<FoundInstructions> FindAsync(CancellationToken ct)
    {
        List<InstructionsException> failures = [];
        foreach (IMetadataPlace place in places)
        {
            if (await TryAsync(place, Vendordata, InstructionsReading.OfVendordata, failures, ct) is { } found)
                return found;
            if (await TryAsync(place, ServerMetadata, InstructionsReading.OfServerMetadata, failures, ct) is { } fallback)
                return fallback;
        }

        throw failures.Find(failure => failure.Code == InstructionsCodes.Malformed)
            ?? failures.Find(failure => failure.Code == InstructionsCodes.Absent)
            ?? failures.FirstOrDefault()
            ?? new InstructionsException(InstructionsCodes.Absent, "there is no place to look for instructions");
    }

    private static async Task<FoundInstructions?> TryAsync(
        IMetadataPlace place, string name, Func<ReadOnlyMemory<byte>, string, Api.Attestation.GuestInstructions?> read,
        List<InstructionsException> failures, CancellationToken ct)
    {
        try
        {
            PlacedDocument document = await place.FetchAsync(name, ct);
            if (document.Content is { } content && read(content, document.Place) is { } instructions)
                return new FoundInstructions(instructions, document.Place);
            failures.Add(new InstructionsException(InstructionsCodes.Absent, $"{document.Place} has no URL and ticket of an attestation service"));
        }
        catch (InstructionsException e)
        {
            failures.Add(e);
        }

        return null;
    }
}
