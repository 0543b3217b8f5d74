using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OpenStackSev.Platform.Tests;

/// <summary>
/// A kernel with its security processor: takes a command's structure, writes through the addresses in it, and tells a buffer that is too short
/// how long it must be, as Linux drivers/crypto/ccp/sev-dev.c does.
/// </summary>
internal sealed class FakeSevDevice : ISevDevice
{
    private const uint InvalidLength = 4;

    public const int InputOutput = 5;

    public string Path => "/dev/sev";
    public byte[] SevStatus { get; init; } = HostFolder.SevStatusBytes();
    public byte[] SnpStatus { get; init; } = HostFolder.StatusBytes();
    public byte[][] Ids { get; init; } = [HostFolder.ChipBytes(2)];
    public byte[][] Certificates { get; init; } = [HostFolder.CertificateBytes()[..2084], HostFolder.CertificateBytes()[2084..]];

    /// <summary>What it refuses, and how.</summary>
    public Dictionary<SevCommand, SevIssueResult> Refusals { get; } = [];

    /// <summary>Why it does not open.</summary>
    public Source<SevIssueResult>? Closed { get; init; }

    /// <summary>Bytes fewer that it writes than it asked for.</summary>
    public uint WritesFewer { get; init; }

    public List<SevCommand> Asked { get; } = [];

    public Source<SevIssueResult> Issue(SevCommand command, byte[] structure)
    {
        if (Closed is { } closed)
            return closed;
        Asked.Add(command);
        if (Refusals.TryGetValue(command, out SevIssueResult refusal))
            return Source<SevIssueResult>.Found(refusal);
        return Source<SevIssueResult>.Found(command switch
        {
            SevCommand.PlatformStatus => Written(structure, SevStatus),
            SevCommand.SnpPlatformStatus => Written(structure, SnpStatus),
            SevCommand.GetId2 => WrittenTo(structure, Ids),
            SevCommand.PdhCertExport => WrittenTo(structure, Certificates),
            _ => throw new InvalidOperationException($"{command} is no command that only reads"),
        });
    }

    private static SevIssueResult Written(byte[] structure, byte[] answer)
    {
        answer.AsSpan(0, structure.Length).CopyTo(structure);
        return default;
    }

    private SevIssueResult WrittenTo(byte[] structure, byte[][] answers)
    {
        Assert.Equal(12 * answers.Length, structure.Length);
        bool fits = true;
        for (int i = 0; i < answers.Length; i++)
        {
            Span<byte> length = structure.AsSpan((12 * i) + 8, 4);
            fits &= BinaryPrimitives.ReadUInt64LittleEndian(structure.AsSpan(12 * i)) != 0 && BinaryPrimitives.ReadUInt32LittleEndian(length) >= answers[i].Length;
        }

        for (int i = 0; i < answers.Length; i++)
        {
            if (fits)
                Marshal.Copy(answers[i], 0, (nint)BinaryPrimitives.ReadUInt64LittleEndian(structure.AsSpan(12 * i)), answers[i].Length);
            BinaryPrimitives.WriteUInt32LittleEndian(structure.AsSpan((12 * i) + 8), (uint)answers[i].Length - (fits ? WritesFewer : 0));
        }

        return fits ? default : new(InputOutput, InvalidLength);
    }
}
