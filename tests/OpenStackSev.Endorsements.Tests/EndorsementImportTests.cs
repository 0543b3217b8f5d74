using System.Formats.Tar;
using System.Text;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Endorsements.Tests;

public sealed class EndorsementImportTests : IDisposable
{
    private static readonly DateTimeOffset s_now = TimeProvider.System.GetUtcNow();
    private readonly TemporaryFolder _from = new(), _to = new();

    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
    }

    private EndorsementFolder Folder => new(_to.Path);

    private IReadOnlyList<ImportedItem> Import(params string[] paths) => EndorsementImport.Import(Folder, paths, Simulated.Roots, s_now);

    private ImportedItem ImportOne(string name, byte[] content) => Assert.Single(Import(Put(name, content)));

    private string Put(string name, byte[] content)
    {
        string path = _from.At(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    private string PutChain() => Put("chain.pem", Encoding.ASCII.GetBytes(Simulated.Turin.VcekChainPem + Simulated.Turin.Asvk.CertificatePem));

    private static byte[] Crl(int daysAgo = 1) => Simulated.Turin.IssueCrl(new() { ThisUpdate = s_now.AddDays(-daysAgo) });

    private static byte[] Vcek(int chip) => Simulated.Vcek(Simulated.Turin, Simulated.Chip(chip), Simulated.Tcb);

    private static void AssertRefused(Check check, ImportedItem item) =>
        Assert.Equal((ImportOutcome.Refused, check.Code, null), (item.Outcome, item.Finding?.Code, item.File));

    [Fact]
    public void Everything_is_filed_under_what_it_holds_whatever_order_and_names_it_comes_with()
    {
        using SimulatedKey vlek = Simulated.Turin.IssueVlek("CN=cloud", new(1, 1, 1, 4, 81));
        IReadOnlyList<ImportedItem> items = Import(
            Put("x.bin", Vcek(1)), Put("ark.der", vlek.Certificate), Put("my-vcek.crl", Crl()), Put("VLEK.CRL", Crl()), PutChain());
        Assert.All(items, item => Assert.Equal(ImportOutcome.Added, item.Outcome));
        Assert.Equal(["Turin/ark.der", "Turin/ask.der", "Turin/asvk.der", "Turin/vcek.crl", "Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode081.der", "Turin/vlek.crl"],
            items.Select(item => item.File!.Path).Where(path => !path.StartsWith("Turin/vlek/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        EndorsementInventory inventory = EndorsementInventory.Read(Folder, Simulated.Roots, s_now);
        Assert.Equal(7, inventory.Items.Count);
        Assert.Empty(inventory.AllFindings);
        Assert.All(inventory.Items, item => Assert.True(item.Simulated));

        Assert.All(Import(_from.Path), item => Assert.Equal(ImportOutcome.Present, item.Outcome));
    }

    [Fact]
    public void What_does_not_lead_to_a_trusted_root_is_refused_and_the_rest_is_kept()
    {
        AssertRefused(SnpCodes.RootMissing, ImportOne("early.der", Vcek(1)));
        AssertRefused(SnpCodes.RootUntrusted, ImportOne("other-ark.der", Simulated.OtherTurin.Ark.Certificate));
        Import(PutChain());
        AssertRefused(SnpCodes.VekSignature, ImportOne("forged.der", Simulated.Vcek(Simulated.OtherTurin, Simulated.Chip(1), Simulated.Tcb)));
        AssertRefused(SnpCodes.IssuerSignature, ImportOne("forged-ask.der", Simulated.OtherTurin.Ask.Certificate));
        AssertRefused(SnpCodes.CrlSignature, ImportOne("vcek.crl", Simulated.OtherTurin.IssueCrl()));
        AssertRefused(SnpCodes.CertificateMalformed, ImportOne("text.txt", "hello"u8.ToArray()));
        AssertRefused(EndorsementCodes.CrlUnnamed, ImportOne("list.crl", Crl()));
        Assert.Equal(3, EndorsementInventory.Read(Folder, Simulated.Roots, s_now).Items.Count);

        IReadOnlyList<ImportedItem> both = EndorsementImport.Import(Folder, [_from.At("forged.der"), Put("good.der", Vcek(2))], Simulated.Roots, s_now);
        Assert.Equal([ImportOutcome.Added, ImportOutcome.Refused], both.Select(item => item.Outcome).Order());
    }

    [Fact]
    public void A_folder_has_one_root_of_a_line()
    {
        Import(PutChain());
        IReadOnlySet<string> both = new HashSet<string>(StringComparer.Ordinal) { Simulated.Turin.Ark.Fingerprint, Simulated.OtherTurin.Ark.Fingerprint };
        AssertRefused(EndorsementCodes.RootDiffers,
            Assert.Single(EndorsementImport.Import(Folder, [Put("other.der", Simulated.OtherTurin.Ark.Certificate)], both, s_now)));
        Assert.Equal(Simulated.Turin.Ark.Certificate, File.ReadAllBytes(_to.At("Turin/ark.der")));
    }

    [Fact]
    public void A_newer_CRL_replaces_an_older_one_and_never_the_other_way()
    {
        Import(PutChain());
        Assert.Equal(ImportOutcome.Added, ImportOne("vcek.crl", Crl(10)).Outcome);
        Assert.Equal(ImportOutcome.Replaced, ImportOne("vcek.crl", Crl(5)).Outcome);
        byte[] newest = File.ReadAllBytes(_to.At("Turin/vcek.crl"));
        Assert.Equal(ImportOutcome.Present, ImportOne("vcek.crl", Crl(7)).Outcome);
        Assert.Equal(newest, File.ReadAllBytes(_to.At("Turin/vcek.crl")));
    }

    [Fact]
    public void A_good_VCEK_stays_and_a_corrupted_one_is_replaced()
    {
        Import(PutChain(), Put("one.der", Vcek(1)));
        string file = _to.At("Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode081.der");
        byte[] first = File.ReadAllBytes(file);
        Assert.Equal(ImportOutcome.Present, ImportOne("one.der", Vcek(1)).Outcome);     // issued again: other bytes, the same key
        Assert.Equal(first, File.ReadAllBytes(file));
        File.WriteAllBytes(file, first[..50]);
        Assert.Equal(ImportOutcome.Replaced, ImportOne("one.der", Vcek(1)).Outcome);
    }

    [Fact]
    public void A_folder_passes_over_what_is_no_endorsement()
    {
        Simulated.Turin.Save(_from.Path);      // with private keys
        IReadOnlyList<ImportedItem> items = Import(_from.Path);
        Assert.Equal(3, items.Count(item => item.Outcome == ImportOutcome.PassedOver));
        Assert.Equal(5, items.Count(item => item.Outcome == ImportOutcome.Added));
        Assert.DoesNotContain(Directory.GetFiles(_to.Path, "*", SearchOption.AllDirectories), file => file.EndsWith(".key", StringComparison.Ordinal));
    }

    [Fact]
    public void An_archive_has_the_same_bytes_each_time_and_comes_back_whole()
    {
        Import(PutChain(), Put("one.der", Vcek(1)), Put("vcek.crl", Crl()));
        byte[] milanChip = [.. Enumerable.Range(1, 64).Select(i => (byte)i)];       // names too long for a plain tar entry's name
        Import(Put("milan.pem", Encoding.ASCII.GetBytes(Simulated.Milan.VcekChainPem)), Put("m.der", Simulated.Vcek(Simulated.Milan, milanChip, new(null, 4, 0, 24, 219))));
        byte[] archive = Archive();
        Assert.Equal(archive, Archive());
        foreach (EndorsementItem item in EndorsementInventory.Read(Folder, Simulated.Roots, s_now).Items)
            Folder.Touch(item.File, s_now.AddDays(-3));
        Assert.Equal(archive, Archive());

        using TemporaryFolder other = new();
        EndorsementFolder there = new(other.Path);
        IReadOnlyList<ImportedItem> items = EndorsementImport.Import(there, [Put("bundle.tar", archive)], Simulated.Roots, s_now);
        Assert.All(items, item => Assert.Equal(ImportOutcome.Added, item.Outcome));
        string[] Files(string folder) => [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];
        Assert.Equal(Files(_to.Path), Files(other.Path));
        Assert.All(Files(_to.Path), file => Assert.Equal(File.ReadAllBytes(_to.At(file)), File.ReadAllBytes(other.At(file))));
    }

    private byte[] Archive()
    {
        using MemoryStream stream = new();
        EndorsementArchive.WriteTar(stream, EndorsementArchive.Of(Folder, EndorsementInventory.Read(Folder, Simulated.Roots, s_now), out IReadOnlyList<Finding> leftOut));
        Assert.Empty(leftOut);
        return stream.ToArray();
    }

    [Fact]
    public void A_file_that_is_not_what_its_name_says_is_left_out_of_an_archive_and_named()
    {
        Import(PutChain(), Put("one.der", Vcek(1)));
        File.WriteAllText(_to.At("Turin/asvk.der"), "not any more");
        File.WriteAllText(_to.At("notes.txt"), "mine");
        IReadOnlyList<ArchivedFile> files = EndorsementArchive.Of(Folder, EndorsementInventory.Read(Folder, Simulated.Roots, s_now), out IReadOnlyList<Finding> leftOut);
        Assert.Equal([EndorsementCodes.FileUnknown.Code, EndorsementCodes.FileMalformed.Code], leftOut.Select(finding => finding.Code));
        Assert.Equal(["SHA256SUMS", "Turin/ark.der", "Turin/ask.der", "Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode081.der"], files.Select(file => file.Name));
    }

    [Theory]
    [InlineData("/etc/cron.d/x"), InlineData("../x"), InlineData("a/../../x"), InlineData("a//x"), InlineData("a\\..\\x"), InlineData("..")]
    public void An_archive_with_a_name_that_leads_elsewhere_is_refused_whole(string name) =>
        AssertRefusedTar(EndorsementCodes.BundleUnsafe, (new PaxTarEntry(TarEntryType.RegularFile, name), Simulated.Turin.Ark.Certificate));

    [Theory]
    [InlineData(TarEntryType.SymbolicLink), InlineData(TarEntryType.HardLink), InlineData(TarEntryType.CharacterDevice), InlineData(TarEntryType.BlockDevice), InlineData(TarEntryType.Fifo)]
    public void An_archive_with_anything_but_plain_files_is_refused_whole(TarEntryType type)
    {
        PaxTarEntry entry = new(type, "Turin/ark.der");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            entry.LinkName = "/etc/passwd";
        AssertRefusedTar(EndorsementCodes.BundleUnsafe, (entry, null));
    }

    [Fact]
    public void An_archive_that_is_too_large_cut_or_garbled_is_refused_whole()
    {
        AssertRefusedTar(EndorsementCodes.BundleMalformed, (new PaxTarEntry(TarEntryType.RegularFile, "big"), new byte[EndorsementFolder.MaximumFileSize + 1]));
        byte[] whole = Tar((new PaxTarEntry(TarEntryType.RegularFile, "a.der"), Simulated.Turin.Ark.Certificate));
        AssertRefused(EndorsementCodes.BundleMalformed, ImportOne("cut.tar", whole[..700]));
        byte[] garbled = [.. whole];
        garbled[1024 + 125] ^= 0xFF;    // somewhere in the second header
        Assert.NotEqual(ImportOutcome.Added, ImportOne("garbled.tar", garbled).Outcome);
        Assert.Empty(Directory.GetFiles(_to.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void An_archive_says_it_has_a_tebibyte_and_is_not_believed()
    {
        // The size field in octal, with the checksum of the header set right.
        byte[] header = Tar((new PaxTarEntry(TarEntryType.RegularFile, "a.der"), []))[^1536..^1024];
        Encoding.ASCII.GetBytes("77777777777 ").CopyTo(header, 124);
        "        "u8.CopyTo(header.AsSpan(148));
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        Assert.Equal(ImportOutcome.Refused, ImportOne("liar.tar", [.. header, .. new byte[1024]]).Outcome);
    }

    [Theory]
    [InlineData("a file is missing"), InlineData("one too many"), InlineData("changed"), InlineData("twice"), InlineData("not a line")]
    public void A_bundle_that_is_not_what_its_hashes_say_is_refused_whole(string how)
    {
        Import(PutChain());
        List<ArchivedFile> files = [.. EndorsementArchive.Of(Folder, EndorsementInventory.Read(Folder, Simulated.Roots, s_now), out _)];
        string manifest = Encoding.ASCII.GetString(files[0].Content.Span);
        switch (how)
        {
            case "a file is missing": files.RemoveAt(1); break;
            case "one too many": files.Add(new("Turin/more.der", Vcek(1))); break;
            case "changed": files[1] = files[1] with { Content = files[2].Content }; break;
            case "twice": files.Add(files[1]); break;
            default: files[0] = files[0] with { Content = Encoding.ASCII.GetBytes(manifest + "what is this\n") }; break;
        }
        using MemoryStream stream = new();
        EndorsementArchive.WriteTar(stream, files);
        AssertRefused(EndorsementCodes.BundleDigest, ImportOne("bundle.tar", stream.ToArray()));
        using TemporaryFolder exported = new();
        foreach (ArchivedFile file in files.DistinctBy(file => file.Name))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(exported.At(file.Name))!);
            File.WriteAllBytes(exported.At(file.Name), file.Content.ToArray());
        }
        if (how != "twice")
            AssertRefused(EndorsementCodes.BundleDigest, Assert.Single(Import(exported.Path)));
    }

    [Fact]
    public void Links_in_a_folder_are_not_followed()
    {
        string outside = Put("outside/one.der", Simulated.Turin.Ark.Certificate);
        Directory.CreateDirectory(_from.At("folder"));
        File.CreateSymbolicLink(_from.At("folder/link.der"), outside);
        Assert.Empty(Import(_from.At("folder")));
        Directory.CreateSymbolicLink(_to.At("Turin"), _from.At("outside"));
        Assert.Empty(Folder.List(out _));
    }

    [Fact]
    public void Real_certificates_are_filed_under_AMDs_roots_and_verify()
    {
        IReadOnlySet<string> none = new HashSet<string>(StringComparer.Ordinal);
        string[] paths = ["roots", "snp/milan-v3/vcek.pem", "snp/genoa-v3/vcek.pem", "snp/turin-v5/vcek.pem", "snp/milan-v2/vcek.der", "snp/milan-vlek-v3/vlek.der"];
        IReadOnlyList<ImportedItem> items = EndorsementImport.Import(Folder, [.. paths.Select(path => Path.Join(Vectors.Folder, path))], none, s_now);
        Assert.All(items, item => Assert.Equal(ImportOutcome.Added, item.Outcome));
        Assert.Equal(14, items.Count);
        EndorsementInventory inventory = EndorsementInventory.Read(Folder, none, new(2025, 1, 15, 0, 0, 0, TimeSpan.Zero));
        Assert.DoesNotContain(inventory.AllFindings, finding => finding.Code != SnpCodes.CertificateNotYetValid.Code);
        inventory = EndorsementInventory.Read(Folder, none, new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal((SnpCodes.CertificateExpired.Code, EndorsementKind.Vlek),
            (Assert.Single(inventory.AllFindings).Code, Assert.Single(inventory.Items, item => item.Findings.Count > 0).File.Kind));
        Assert.All(inventory.Items, item => Assert.False(item.Simulated));
        AssertRefused(SnpCodes.VekSignature, Assert.Single(EndorsementImport.Import(Folder, [Path.Join(Vectors.Folder, "snp/tampered-vcek/test-vcek-invalid-legacy.der")], none, s_now)));
    }

    [Theory]
    [InlineData("stale", "snp.crl.stale"), InlineData("future", "snp.crl.not_yet_valid"), InlineData("forged", "snp.crl.signature"), InlineData("revoking", "snp.issuer.revoked")]
    public void The_inventory_names_what_is_wrong_with_a_CRL(string how, string code)
    {
        Import(PutChain(), Put("one.der", Vcek(1)));
        Folder.Write(EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek), how switch
        {
            "stale" => Simulated.Turin.IssueCrl(new() { ThisUpdate = s_now.AddDays(-30), NextUpdate = s_now.AddDays(-1) }),
            "future" => Simulated.Turin.IssueCrl(new() { ThisUpdate = s_now.AddDays(1) }),
            "forged" => Simulated.OtherTurin.IssueCrl(),
            _ => Simulated.Turin.IssueCrl(new() { Revoked = [Simulated.Turin.Ask.Serial] }),
        }, s_now);
        EndorsementInventory inventory = EndorsementInventory.Read(Folder, Simulated.Roots, s_now);
        Assert.All(inventory.AllFindings, finding => Assert.Equal(code, finding.Code));
        // A revoked ASK takes its VCEKs along; the others are the CRL's alone.
        Assert.Equal(how == "revoking" ? ["Turin/ask.der", "Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode081.der"] : ["Turin/vcek.crl"],
            inventory.AllFindings.Select(finding => finding.Subject));
    }

    private void AssertRefusedTar(Check check, (TarEntry Entry, byte[]? Content) second)
    {
        string good = $"bundle-{Guid.NewGuid():N}.tar";
        AssertRefused(check, ImportOne(good, Tar((new PaxTarEntry(TarEntryType.RegularFile, "good.der"), Simulated.Turin.Ark.Certificate), second)));
        Assert.Empty(Directory.GetFiles(_to.Path, "*", SearchOption.AllDirectories));
    }

    private static byte[] Tar(params (TarEntry Entry, byte[]? Content)[] entries)
    {
        MemoryStream stream = new();
        using (TarWriter writer = new(stream, leaveOpen: true))
        {
            foreach ((TarEntry entry, byte[]? content) in entries)
            {
                if (content is not null)
                    entry.DataStream = new MemoryStream(content);
                writer.WriteEntry(entry);
            }
        }
        return stream.ToArray();
    }
}
