using System.Globalization;
using System.Runtime.InteropServices;

namespace OpenStackSev.Platform;

/// <summary>libvirt through its client library, which is looked for when it is first needed.</summary>
/// <remarks>
/// Names and versions over a connection that can only read. Domain capabilities over one that could do more: since CVE-2019-10167 libvirt refuses
/// them to a reader (a caller can name a program for it to run). Nothing but these questions is asked of either.
/// Source: libvirt include/libvirt/libvirt-host.h and libvirt-domain.h.
/// </remarks>
internal sealed partial class LibvirtDaemon(string uri = LibvirtDaemon.System) : ILibvirt
{
    /// <summary>The one that Nova uses.</summary>
    public const string System = "qemu:///system";

    private const string Library = "libvirt.so.0";
    private const int LongestName = 255;
    private static readonly Lazy<bool> s_isInstalled = new(Load);

    public static bool IsInstalled => s_isInstalled.Value;

    public string Subject => uri;

    public Source<LibvirtAnswer> Ask()
    {
        try
        {
            return IsInstalled ? AskAll() : Source<LibvirtAnswer>.Missing($"no {Library} on this machine");
        }
        catch (EntryPointNotFoundException e)
        {
            return Source<LibvirtAnswer>.Unreadable($"{Library} is another library: {e.Message}");
        }
    }

    private Source<LibvirtAnswer> AskAll()
    {
        nint connection = OpenReadOnly(uri);
        if (connection == 0)
            return Source<LibvirtAnswer>.Unreadable(LastError());
        try
        {
            return Source<LibvirtAnswer>.Found(new(HostName(connection), Version(connection, GetLibVersion), Version(connection, GetVersion), AskCapabilities()));
        }
        finally
        {
            _ = Close(connection);
        }
    }

    private Source<DomainCapabilities> AskCapabilities()
    {
        nint connection = OpenToManage(uri);
        if (connection == 0)
            return Source<DomainCapabilities>.Unreadable(LastError());
        try
        {
            nint text = GetDomainCapabilities(connection, null, null, null, null, 0);
            return text == 0 ? Source<DomainCapabilities>.Unreadable(LastError()) : Taken(text, DomainCapabilitiesXml.LongestText).Then(DomainCapabilitiesXml.Parse);
        }
        finally
        {
            _ = Close(connection);
        }
    }

    private static string? HostName(nint connection)
    {
        nint text = GetHostname(connection);
        if (text == 0)
            return null;
        Source<string> name = Taken(text, LongestName).Then(taken => KernelSource.ParseLine(taken, mayBeEmpty: false));
        return name.IsFound ? name.Value : null;
    }

    private delegate int VersionOf(nint connection, out nuint version);

    // major * 1,000,000 + minor * 1,000 + micro
    private static string? Version(nint connection, VersionOf ask) =>
        ask(connection, out nuint version) == 0 && version > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}")
            : null;

    /// <summary>A text of libvirt's, which is ours to free.</summary>
    private static unsafe Source<string> Taken(nint text, int limit)
    {
        try
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)text);
            return bytes.Length > limit ? Source<string>.Malformed($"longer than {limit} bytes") : SourceFolder.Decode(bytes.ToArray());
        }
        finally
        {
            Free(text);
        }
    }

    private static string LastError()
    {
        string message = Marshal.PtrToStringUTF8(LastErrorMessage()) ?? "";
        string line = string.Concat(message.Where(c => !char.IsControl(c)).Take(LongestName));
        return line.Length > 0 ? line : "libvirt does not say why";
    }

    // Without a handler of its own the library prints each error to standard error.
    private static unsafe bool Load()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
            return false;
        SetErrorFunction(0, &Ignore);
        return true;
    }

    [UnmanagedCallersOnly]
    private static void Ignore(nint data, nint error)
    {
        // LastError takes it from the library.
    }

    [LibraryImport(Library, EntryPoint = "virConnectOpenReadOnly", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenReadOnly(string name);

    [LibraryImport(Library, EntryPoint = "virConnectOpen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenToManage(string name);

    [LibraryImport(Library, EntryPoint = "virConnectClose")]
    private static partial int Close(nint connection);

    [LibraryImport(Library, EntryPoint = "virConnectGetHostname")]
    private static partial nint GetHostname(nint connection);

    [LibraryImport(Library, EntryPoint = "virConnectGetLibVersion")]
    private static partial int GetLibVersion(nint connection, out nuint version);

    [LibraryImport(Library, EntryPoint = "virConnectGetVersion")]
    private static partial int GetVersion(nint connection, out nuint version);

    [LibraryImport(Library, EntryPoint = "virConnectGetDomainCapabilities", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetDomainCapabilities(nint connection, string? emulator, string? architecture, string? machine, string? type, uint flags);

    [LibraryImport(Library, EntryPoint = "virGetLastErrorMessage")]
    private static partial nint LastErrorMessage();

    [LibraryImport(Library, EntryPoint = "virSetErrorFunc")]
    private static unsafe partial void SetErrorFunction(nint data, delegate* unmanaged<nint, nint, void> handler);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);
}
